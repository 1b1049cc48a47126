@rem The scripts in package.json begin with `exec`, so that signals to npm reach them. On Windows that runs this file, which runs the rest.
@%*
