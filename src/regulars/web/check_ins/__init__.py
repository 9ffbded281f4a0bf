"""Check-ins: asking how it went after a sale, and the page on which the customer answers."""
