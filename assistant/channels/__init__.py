"""Chat tools. Each is one file that turns its vendor's messages into ``Inbound`` and sends what it is given; no rule is here twice."""
