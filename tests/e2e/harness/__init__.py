"""Drives the real program and real servers from outside: one module a program or concern."""
