"""Hand-overs: the queues of those who win and of those who keep, and the page of one."""
