-- wrk's figures as one line of JSON. Times are in microseconds.
-- With a file in REQUESTS, what is asked is its lines in turn: method, path, cookie and body, between tabs.
local file = os.getenv("REQUESTS")
if file then
  local requests, number = {}, 0
  init = function()
    for line in io.lines(file) do
      local method, path, cookie, body = line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)\t(.*)$")
      local headers = { ["Cookie"] = cookie, ["Content-Type"] = "application/json", ["If-Match"] = "*" }
      headers["Host"], headers["Sec-Fetch-Site"] = wrk.headers["Host"], "same-origin"
      requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
  end
  request = function()
    number = number % #requests + 1
    return requests[number]
  end
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout + errors.status
  ))
end
