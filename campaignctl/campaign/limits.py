"""The figures of the API contract, each with how well it is documented.

Only a documented figure makes an error. What is documented for a neighbouring resource alone ("sibling")
or by a guide for people makes a warning.
"""

from __future__ import annotations

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
#: A guide for people (section 2.3): buttons of a push.
PUSH_ACTIONS = 3
#: Sibling (section 2.6, segments): countries in one audience.
COUNTRIES = 270
#: Sibling (section 2.3, edition 1 of the campaign model): messages that one AdEx request asks for.
ADEX_MESSAGES = range(1, 11)

#: Documented (section 2.5), but perhaps not all of them.
WINNING_METRICS = ("click_rate", "open_rate")
#: Documented (section 2.9), but perhaps not all of them.
CALLBACK_EVENTS = ("on_click", "on_wokenup")
