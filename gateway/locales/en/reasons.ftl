## access: shared by all
access-token-refused = You are not logged in.
access-not-found = This page is not there, or is not for you.
access-step-up-required = For this part you have to type a code once more.
access-unavailable = This does not work right now. Try again in a minute. Does it still not work? Call us.
access-internal = Something went wrong here. Try again later.
access-page-token-malformed = This page is not there. Begin again with the newest.
access-impersonation-refused = Only the person can do this. You are looking on behalf of somebody else.
access-body-too-large = This is too large to send. Make it shorter.
access-body-unreadable = We could not read this. Try again.
access-cross-site = This came from another website. Go to the start page and try again.
access-passwords-differ = The two new passwords are not the same. Type them again.

## identity
identity-login-refused = That is not right. Check your user name, password, code and organisation. Does it not work? Call us.
identity-code-expired = This code no longer works. Ask for a new one with the button Again.
identity-login-ended = Logging in took too long or failed too often. Begin again.
identity-too-many-codes = You have asked for a new code too often. Begin again with logging in.
identity-current-password-wrong = The password from the e-mail is not right.
identity-password-too-short = The new password is too short. Use at least { $count } characters.
identity-password-too-long = The new password is too long. Use a shorter one.
identity-password-unchanged = Choose another password than the one from the e-mail.
identity-session-ended = You are logged out.
identity-field-missing = Fill in this field.
identity-field-too-long = This is too long. Make it shorter.
identity-field-malformed = This is not right. Check what you typed.
identity-username-taken = This user name is in use.
identity-id-taken = This number was used for something else.
identity-credential-refused = The credential of the system is not right.
identity-organisation-unknown = There is no such organisation.
identity-settings-invalid = The settings are not right.
identity-busy = It is very busy now. Try again in a minute.

## dossier
dossier-field-missing = Fill in this field.
dossier-field-too-long = This is too long. Make it shorter.
dossier-field-malformed = This is not a date. Choose a date from the calendar.
dossier-client-unknown = This client is not there, or is not for you.
dossier-report-unknown = This report is not there, or is not for you.
dossier-period-reversed = The last day lies before the first. Choose a later last day.
dossier-client-differs = This report belongs to another client.
