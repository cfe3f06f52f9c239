"""The sample network: its titles, its eleven members' files, and the servers that play the members."""
