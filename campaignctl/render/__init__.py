"""Values to text: plans, outcomes, errors, states. Pure; foreign text passes through `escape`."""

#: Of the JSON documents that are made here and by the command line.
FORMAT_VERSION = 1
