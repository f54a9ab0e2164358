"""The web page in parts; ``app.py`` puts them together. Nothing else in the product imports this package.

request --visitors--> Visitor --desk--> Answer --conversations--> kept --markup, charts--> the page
"""
