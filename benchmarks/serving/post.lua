-- Posts the bodies of a file, one a line, in turn; prints what was measured as one line of JSON.
-- wrk ... -s post.lua URL -- FILE [MILLISECONDS]: the second makes each connection wait that long on
-- average before its next request, so that different servers see the same rate.

local requests, position = {}, 0

function init(arguments)
  wrk.headers["Content-Type"] = "application/json"
  for body in io.lines(arguments[1]) do
    -- Cohorts stick to the entity: every body is one.
    wrk.headers["X-Entity-Id"] = "entity-" .. #requests
    requests[#requests + 1] = wrk.format("POST", nil, nil, body)
  end
  if arguments[2] then
    math.randomseed(7)
    local twice = 2 * tonumber(arguments[2])
    function delay()
      return math.random(0, twice)
    end
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
