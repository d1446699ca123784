"""Ask the application in this container for a path: exit status 0 where it answers 200. python probe.py /readyz"""

import sys
from http.client import HTTPConnection

connection = HTTPConnection("127.0.0.1", 8000, timeout=4)
connection.request("GET", sys.argv[1])
sys.exit(connection.getresponse().status != 200)
