"""The API's own macros in texts: `${OCMH_CAMPAIGN_NAME}` (API contract, section 8)."""

from __future__ import annotations

import re

#: What is a macro by its form: capitals, digits and `_`.
MACRO = re.compile(r"\$\{([A-Z0-9_]+)\}")

SYSTEM = frozenset(
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
