"""The key under which the sample project keeps each documented body."""

from __future__ import annotations

KEYS = {
    "01-push-immediate": "push/announcement",
    "02-push-scheduled-callbacks": "push/spring-launch",
    "03-push-targeting": "push/new-profiles",
    "04-push-ab-test": "push/headline-test",
    "05-push-multilang-manual": "push/welcome-multilingual",
    "06-push-recurring-pattern": "push/midday",
    "07-email-scheduled-profile-timezone": "email/new-year",
    "08-email-multilang-manual": "email/greeting-multilingual",
    "09-email-recurring-utm-off": "email/weekly-digest",
    "10-sms-recurring-cron": "sms/april-reminder",
    "11-sms-draft": "sms/welcome",
}
