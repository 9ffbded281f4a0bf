"""What every stage stands on: organisation, teams, members, roles and access, audit trail, jobs, mail, warehouse."""
