"""When must trading stop, and what must be gone before it may go on?"""
