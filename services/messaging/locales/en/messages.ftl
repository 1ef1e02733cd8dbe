greeting = Dear { $name },
help = Questions about logging in? Call { $phone }, { $hours }.
sender = This message was sent automatically by { $organisation }. You cannot reply to this message.
welcome-subject = Welcome to { $product }
welcome-intro = From now on you can log in to { $product } of { $organisation }.
welcome-where = Go to this address:
welcome-username = Your user name
welcome-password = Your password for the first time
welcome-steps = After logging in you get a code. Fill in that code. Then you choose a password of your own.
welcome-until = The password in this message works until { $until }. Do not give the password to anybody.
code-label = Your code
code-life = The code works for { $life }. Do not give the code to anybody.
code-not-you = Did you not ask for this code? Then call { $phone }.
login-subject = Your code to log in to { $product }
login-intro = You want to log in to { $product }. Fill in this code there.
login-sms = Your code is { $code }. The code works for { $life }. Do not give the code to anybody.
device-subject = Your code for a new device
device-intro = You are logging in to { $product } with a new device. Fill in this code there.
device-sms = New device: your code is { $code }. The code works for { $life }. Do not give the code to anybody.
step-up-subject = Your code to go on
step-up-intro = We want to be sure that it is you. Fill in this code at { $product }.
step-up-sms = Your code to go on is { $code }. The code works for { $life }. Do not give the code to anybody.
signing-subject = Your code to sign
signing-intro = You want to sign { $document } version { $version } in { $product }. Fill in this code there.
signing-sms = Signing { $document } version { $version }: code { $code }, valid for { $life }.
email-change-subject = Your code to change your e-mail address
email-change-intro = You want to use this e-mail address for { $product }. Fill in this code there.
email-change-sms = Your code for a new e-mail address is { $code }. The code works for { $life }.
phone-change-subject = Your code to change your telephone number
phone-change-intro = You want to use another telephone number for { $product }. Fill in this code there.
phone-change-sms = Your code for this telephone number is { $code }. The code works for { $life }.
document-care-plan = care plan
document-evaluation = evaluation
document-care-agreement = care agreement
reset-subject = A new password for { $product }
reset-intro = You asked for a new password for { $product }.
reset-password = Your temporary password
reset-steps = Log in with this password. You then get a code. After that you choose a password of your own.
reset-life = The temporary password works for { $life } and once. Do not give the password to anybody.
reset-link = Choose a new password on this page:
reset-link-life = The link works for { $life } and once. Do not give the link to anybody.
reset-not-you = Did you not ask for a new password? Then you need not do anything. Your old password goes on working.
invitation-subject = You are invited to { $product }
invitation-intro = { $inviter } invites you to view a care record on { $product } of { $organisation }.
invitation-known = Log in with your own user name and password. Then you can accept the invitation.
invitation-until = The invitation is valid until { $until }.
notice-subject = Something has changed about your account of { $product }
notice-password = Your password for { $product } was changed on { $day }.
notice-email = Your e-mail address for { $product } was changed on { $day }.
notice-phone = Your telephone number for { $product } was changed on { $day }.
notice-device = On { $day } somebody logged in with a new device. We remember this device.
notice-access = The care has ended. Your access to this record in { $product } ends on { $day }. Before that day, download what you want to keep.
notice-not-you = Was this not you? Then call { $phone } at once.
access-subject = Your access to a record ends soon

# How long something works: hours and minutes, exact.
duration-minutes = { $minutes-long ->
    [one] { $minutes-long } minute
   *[other] { $minutes-long } minutes
}
duration-hours = { $hours-long ->
    [one] { $hours-long } hour
   *[other] { $hours-long } hours
}
duration-hours-and-minutes = { duration-hours } and { duration-minutes }
