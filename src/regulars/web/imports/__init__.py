"""Imports in the browser: the owner on day one, the back office every week; is this file understood, is it all in?"""
