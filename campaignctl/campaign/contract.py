"""Limits and names that the API contract fixes, each with how well it is documented.

Only a documented limit makes an error. A limit that is documented for a sibling resource only ("sibling"), or
in a guide for dashboard users, makes a warning. The sections are those of the API contract.
"""

from __future__ import annotations

import re

#: Documented (section 2.1): messages of one channel in one campaign.
MESSAGES_PER_CHANNEL = 4
#: Documented (section 2.1): characters of a campaign's name.
NAME = 100
#: Documented (section 2.3): characters of an email's subject.
SUBJECT = 78
#: Documented (section 2.3): characters of an email's body in one language.
HTML = 65_535
#: Documented (section 2.3): characters of an email's preheader.
PREHEADER = 100

#: Sibling (section 2.1, deals): bytes of a description.
DESCRIPTION = 2_000
#: Sibling (section 2.3, messages): bytes of a push's landing_url.
LANDING_URL = 2_048
#: Sibling (section 2.3, an SMS to a single user): bytes of an SMS.
SMS_CONTENT = 320
#: A guide for dashboard users (section 2.3): buttons of a push.
PUSH_ACTIONS = 3
#: Sibling (section 2.6, segments): countries in one audience.
COUNTRIES = 270
#: Sibling (section 2.3, edition 1 of the campaign model): messages that one AdEx request asks for.
ADEX_MESSAGES = range(1, 11)

#: Documented (section 2.5); the list may be incomplete.
WINNING_METRICS = ("click_rate", "open_rate")
#: Documented (section 2.9); the list may be incomplete.
CALLBACK_EVENTS = ("on_click", "on_wokenup")

#: The form of a macro that the API expands in texts: capitals, digits and `_`, as in `${OCMH_CAMPAIGN_NAME}`.
MACRO = re.compile(r"\$\{([A-Z0-9_]+)\}")
#: Documented (section 8): every system macro.
SYSTEM_MACROS = frozenset(
    {
        "OCMH_APP_NAME",
        "OCMH_CAMPAIGN_ID",
        "OCMH_CAMPAIGN_NAME",
        "OCMH_CLICK_ID",
        "OCMH_CONTAINER_ID",
        "OCMH_CONTAINER_TYPE",
        "OCMH_PROFILE_AGE",
        "OCMH_PROFILE_BROWSER_ID",
        "OCMH_PROFILE_CITY_ID",
        "OCMH_PROFILE_COUNTRY_CODE",
        "OCMH_PROFILE_ID",
        "OCMH_PROFILE_LANG_CODE",
        "OCMH_PROFILE_OS_ID",
        "OCMH_PROFILE_REGION_ID",
        "OCMH_PROFILE_SUBTIME",
        "OCMH_PROFILE_TIMEZONE",
        "OCMH_UTM_MEDIUM",
        "OCMH_UTM_SOURCE",
    }
)
