"""Lets setuptools that is older than its PEP 517 support build this project; everything is said in setup.cfg."""

from setuptools import setup

setup()
