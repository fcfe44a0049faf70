"""Modbus TCP: polled meters, alone or several behind one gateway."""
