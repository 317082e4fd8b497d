"""What a terminal shows.

live        a run while it goes on
progress    its one line, fitted to the width
results     its table when it is done
comparison  comparisons and gates
"""
