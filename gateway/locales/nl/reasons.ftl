## access: shared by all
access-token-refused = U bent niet ingelogd.
access-not-found = Deze pagina is er niet, of is niet voor u.
access-step-up-required = Voor dit onderdeel moet u nog een keer een code invullen.
access-unavailable = Dit werkt nu even niet. Probeer het over een minuut opnieuw. Lukt het dan nog niet? Bel ons.
access-internal = Er ging iets mis bij ons. Probeer het straks opnieuw.
access-page-token-malformed = Deze bladzijde is er niet. Begin opnieuw bij de nieuwste.
access-impersonation-refused = Dit kan alleen de persoon zelf doen. U kijkt nu mee namens iemand anders.
access-body-too-large = Dit is te groot om te versturen. Maak het korter.
access-body-unreadable = Wij konden dit niet lezen. Probeer het opnieuw.
access-cross-site = Dit kwam van een andere website. Ga naar de startpagina en probeer het opnieuw.
access-passwords-differ = De twee nieuwe wachtwoorden zijn niet gelijk. Vul ze opnieuw in.

## identity
identity-login-refused = De gegevens kloppen niet. Controleer uw gebruikersnaam, wachtwoord, code en organisatie. Lukt het niet? Bel ons.
identity-code-expired = Deze code werkt niet meer. Vraag een nieuwe code met de knop Opnieuw.
identity-login-ended = Het inloggen duurde te lang of lukte te vaak niet. Begin opnieuw.
identity-too-many-codes = U hebt te vaak een nieuwe code gevraagd. Begin opnieuw met inloggen.
identity-current-password-wrong = Het wachtwoord uit de e-mail klopt niet.
identity-password-too-short = Het nieuwe wachtwoord is te kort. Neem minstens { $count } tekens.
identity-password-too-long = Het nieuwe wachtwoord is te lang. Neem een korter wachtwoord.
identity-password-unchanged = Kies een ander wachtwoord dan dat uit de e-mail.
identity-session-ended = U bent uitgelogd.
identity-field-missing = Vul dit veld in.
identity-field-too-long = Dit is te lang. Maak het korter.
identity-field-malformed = Dit klopt niet. Controleer wat u hebt ingevuld.
identity-username-taken = Deze gebruikersnaam is al in gebruik.
identity-id-taken = Dit nummer is al gebruikt voor iets anders.
identity-credential-refused = De gegevens van het systeem kloppen niet.
identity-organisation-unknown = Deze organisatie is er niet.
identity-settings-invalid = De instellingen kloppen niet.
identity-busy = Het is nu erg druk. Probeer het over een minuut opnieuw.

## dossier
dossier-field-missing = Vul dit veld in.
dossier-field-too-long = Dit is te lang. Maak het korter.
dossier-field-malformed = Dit is geen datum. Kies een datum uit de kalender.
dossier-client-unknown = Deze cliënt is er niet, of is niet voor u.
dossier-report-unknown = Deze rapportage is er niet, of is niet voor u.
dossier-period-reversed = De laatste dag ligt voor de eerste dag. Kies een latere laatste dag.
dossier-client-differs = Deze rapportage hoort bij een andere cliënt.
