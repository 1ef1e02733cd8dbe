## Around every page
product = { $product }
organisation = { $organisation }
skip-to-content = To the content
menu = Menu
error-prefix = Error:{" "}
log-out = Log out
whose-dossier = You are looking at the dossier of { $client }.
help-title = Need help?
help-phone = Questions about this portal? Call { $phone } ({ $hours }) or mail { $email }.
help-care = Questions about the care? { $care_questions }
to-start = To the start page
error-summary = Something went wrong
problem-title = That did not work
flash-logged-out = You are logged out.
flash-code-sent-again = We have sent a new code. The old code no longer works.

## Logging in
login-title = Log in
organisation-label = Organisation
organisation-hint = The name of your care organisation, such as Thuisgenoten.
username-label = User name
password-label = Password
password-show = Show password
password-hide = Hide password
log-in = Log in
login-first-time = Is this your first time? Use the password from the e-mail that you received from us.
login-again = Log in again
code-title = Type your code
code-sent-to = We have sent a code to { $address }. Look in your spam folder too.
code-label = Code
code-hint = The code has 6 digits and works for a short time only.
code-submit = Send
code-none-title = No code received?
code-none = Wait a minute and look in your spam folder. Then you can ask for a new code. The old code no longer works then.
code-again = Again
own-password-title = Choose a password of your own
own-password-intro = You are logging in for the first time. Choose a password that only you know and that you will remember.
current-password-label = Password from the e-mail
new-password-label = New password
repeat-password-label = New password, once more
password-rule-length = At least { $count } characters.
password-rule-hint = Tip: use four words in a row that you will remember.
password-rule-own = Do not use a password that you use somewhere else.
own-password-submit = Change password

## Start
start-menu = Start
start-title = Start
start-welcome = Welcome { $name }
start-reports = Newest reports
start-nothing = There is nothing to show now.

## Reports
reports-menu = Reports
reports-title = Reports
reports-all = All reports
reports-none = There are no reports yet.
reports-none-period = There are no reports in this period.
reports-new = There is a new report.
report-kind-daily = Daily report
report-kind-medical = Medical
report-kind-incident = Incident
report-kind-conversation = Conversation
period-label = Period
period-all = Everything
period-week = Last week
period-month = Last month
period-year = Last year
period-custom = Choose a period yourself
period-from = From
period-until = Up to and including
period-show = Show
pages-label = Pages
page-older = Older reports
page-newest = Newest reports
