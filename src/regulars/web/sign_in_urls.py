"""Addresses of signing in and of one's own security. Allauth knows its views by the names given here."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from django.apps import apps
from django.urls import path

from regulars.web import invitation, profile, sign_in

urlpatterns = [
    path("welcome/", sign_in.welcome, name="welcome"),
    path("invitation/<str:key>/", invitation.accept, name="invitation"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-in/", sign_in.SignIn.as_view(), name="account_login"),
    path("sign-in/code/", second_factor.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey/", sign_in.PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("sign-in/inactive/", account.account_inactive, name="account_inactive"),
    path("sign-out/", account.logout, name="sign_out"),
    path("sign-out/", account.logout, name="account_logout"),
    path("password/forgotten/", account.password_reset, name="account_reset_password"),
    path("password/forgotten/sent/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/new/<str:uidb36>/<str:key>/", account.password_reset_from_key, name="account_reset_password_from_key"
    ),
    path("password/<uidb64>/<token>/", sign_in.ChoosePassword.as_view(), name="choose_password"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("confirm/code/", second_factor.reauthenticate, name="mfa_reauthenticate"),
    path("confirm/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("profile/", profile.profile, name="profile"),
    path("profile/email/", profile.change_email, name="profile_email"),
    path("profile/email/<str:key>/", profile.confirm_email, name="profile_confirm_email"),
    path("profile/password/", account.password_change, name="account_change_password"),
    path("profile/password/first/", account.password_set, name="account_set_password"),
    path("profile/sessions/", profile.Sessions.as_view(), name="usersessions_list"),
    path("profile/sessions/end/", profile.end_one_session, name="profile_end_session"),
    path("profile/security/", second_factor.index, name="mfa_index"),
    path("profile/security/app/", app.activate_totp, name="mfa_activate_totp"),
    path("profile/security/app/remove/", app.deactivate_totp, name="mfa_deactivate_totp"),
    path("profile/security/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "profile/security/recovery-codes/new/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "profile/security/recovery-codes/file/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("profile/security/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("profile/security/passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("profile/security/passkeys/<int:pk>/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("profile/security/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
]
if apps.is_installed("allauth.socialaccount.providers.openid_connect"):
    from allauth.socialaccount.providers.openid_connect import views as openid_connect

    urlpatterns += [
        path("sign-in/with/<slug:provider_id>/", openid_connect.login, name="openid_connect_login"),
        path("sign-in/with/<slug:provider_id>/callback/", openid_connect.callback, name="openid_connect_callback"),
    ]
