"""What every area needs: units, periods, scope, errors, events, clock, settings, paging, database."""
