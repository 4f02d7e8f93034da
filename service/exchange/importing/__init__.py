"""Histories from another register or a spreadsheet, brought into the register through the same rules as today's."""
