"""What people see in the browser: the frame, the design system, sign-in, and the pages that span stages."""
