"""Hosts that are neither Ocamba's nor this machine, many of which only look as if they were."""

FOREIGN_HOSTS = (
    "gateway.example",
    "ocamba.com.evil.example",
    "evilocamba.com",
    "evil-ocamba.com",
    "ocamba.com-evil.example",
    "ocamba.co",
    "ocamba.community",
    "ocamba.com..",
    ".ocamba.com",
    "com",
    "ocamba.com\u3002evil.example",  # an ideographic full stop, which IDNA takes for a dot
    "ocamb\u0430.com",  # a Cyrillic letter
    "\uff4fcamba.com",  # a letter of full width
    "xn--ocamb-8ve.com",
    "ocamba.com%2eevil.example",
    "evil.example%00.ocamba.com",
    "evil.example\\.ocamba.com",
    "evil.example;.ocamba.com",
    "localhost.evil.example",
    "localhost.",
    "127.0.0.1.evil.example",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0.0.0.0",
    "[::]",
    "[::ffff:10.0.0.1]",
    "169.254.169.254",
    "192.168.1.1",
)
