"""Issues of customers in the browser: taken down on the phone, worked off from a queue, told to the customer."""
