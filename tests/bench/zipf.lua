-- Reads posts by a long tail: the n-th is asked for 1/n^ZIPF times as often as the first, PACE milliseconds after an answer on each
-- connection on average. Counts what X-Cache says.
local posts, exponent, pace = tonumber(os.getenv("POSTS")), tonumber(os.getenv("ZIPF")), tonumber(os.getenv("PACE"))
local reached, requests = {}, {}
local seed = tonumber(os.getenv("SEED"))
said = {}

local threads = {}
setup = function(thread)
  table.insert(threads, thread)
end

init = function()
  math.randomseed(seed)
  local sum = 0
  for n = 1, posts do
    sum = sum + 1 / n ^ exponent
    reached[n] = sum
    requests[n] = wrk.format("GET", "/post/post-" .. (n - 1))
  end
end

request = function()
  local wanted, low, high = math.random() * reached[posts], 1, posts
  while low < high do
    local middle = math.floor((low + high) / 2)
    if reached[middle] < wanted then low = middle + 1 else high = middle end
  end
  return requests[low]
end

delay = function()
  return math.floor(-math.log(1 - math.random()) * pace + 0.5)
end

response = function(status, headers)
  local key = status == 200 and headers["X-Cache"] or tostring(status)
  said[key] = (said[key] or 0) + 1
end

done = function(summary)
  local parts = { string.format('"seconds": %f', summary.duration / 1e6) }
  for _, thread in ipairs(threads) do
    for key, count in pairs(thread:get("said")) do
      table.insert(parts, string.format('"%s": %d', key, count))
    end
  end
  io.write("\n{" .. table.concat(parts, ", ") .. "}\n")
end
