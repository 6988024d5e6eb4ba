-- The token goes to wrk in the environment: a command line is for all to read.
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
