## Around every page
product = { $product }
organisation = { $organisation }
skip-to-content = Naar de inhoud
menu = Menu
error-prefix = Fout:{" "}
log-out = Uitloggen
whose-dossier = U bekijkt het dossier van { $client }.
help-title = Hulp nodig?
help-phone = Vragen over dit portaal? Bel { $phone } ({ $hours }) of mail { $email }.
help-care = Vragen over de zorg? { $care_questions }
to-start = Naar de startpagina
error-summary = Er is iets niet goed gegaan
problem-title = Dat is niet gelukt
flash-logged-out = U bent uitgelogd.
flash-code-sent-again = We hebben een nieuwe code gestuurd. De oude code werkt niet meer.

## Logging in
login-title = Inloggen
organisation-label = Organisatie
organisation-hint = De naam van uw zorgorganisatie, bijvoorbeeld Thuisgenoten.
username-label = Gebruikersnaam
password-label = Wachtwoord
password-show = Wachtwoord tonen
password-hide = Wachtwoord verbergen
log-in = Inloggen
login-first-time = Logt u voor de eerste keer in? Gebruik dan het wachtwoord uit de e-mail die u van ons kreeg.
login-again = Opnieuw inloggen
code-title = Vul uw code in
code-sent-to = We hebben een code gestuurd naar { $address }. Kijk ook bij ongewenste e-mail.
code-label = Code
code-hint = De code heeft 6 cijfers en werkt maar kort.
code-submit = Verzenden
code-none-title = Geen code gekregen?
code-none = Wacht een minuut en kijk bij ongewenste e-mail. Daarna kunt u een nieuwe code vragen. De oude code werkt dan niet meer.
code-again = Opnieuw
own-password-title = Kies een eigen wachtwoord
own-password-intro = U logt voor de eerste keer in. Kies een wachtwoord dat alleen u kent en dat u goed onthoudt.
current-password-label = Wachtwoord uit de e-mail
new-password-label = Nieuw wachtwoord
repeat-password-label = Nieuw wachtwoord, nog een keer
password-rule-length = Minstens { $count } tekens.
password-rule-hint = Tip: neem vier woorden achter elkaar die u goed onthoudt.
password-rule-own = Gebruik geen wachtwoord dat u ergens anders al gebruikt.
own-password-submit = Wijzig wachtwoord

## Start
start-menu = Start
start-title = Start
start-welcome = Welkom { $name }
start-reports = Nieuwste rapportages
start-nothing = Er is nu niets om te laten zien.

## Reports
reports-menu = Rapportages
reports-title = Rapportages
reports-all = Alle rapportages
reports-none = Er zijn nog geen rapportages.
reports-none-period = Er zijn geen rapportages in deze periode.
reports-new = Er is een nieuwe rapportage.
report-kind-daily = Dagrapportage
report-kind-medical = Medisch
report-kind-incident = Incident
report-kind-conversation = Gesprek
period-label = Periode
period-all = Alles
period-week = Laatste week
period-month = Laatste maand
period-year = Laatste jaar
period-custom = Zelf een periode kiezen
period-from = Van
period-until = Tot en met
period-show = Tonen
pages-label = Bladeren
page-older = Oudere rapportages
page-newest = Nieuwste rapportages
