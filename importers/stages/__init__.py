"""The stages of an import, each a job: its file is read, or what it held is taken up; it is cut, counted, finished."""
