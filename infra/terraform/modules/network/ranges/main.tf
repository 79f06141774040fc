# A range is the numbers from its first address up to, and without, the first one after it. Two ranges
# overlap where each begins before the other ends. It is a module of its own because a rule of one
# variable may not ask values that depend on that variable, and so that a test can ask it about many.
locals {
  addresses = { for name, range in var.ranges : name => split(".", split("/", range)[0]) }
  sizes     = { for name, range in var.ranges : name => pow(2, 32 - tonumber(split("/", range)[1])) }

  # Down to a multiple of its size, as 10.0.0.7/24 begins at 10.0.0.0.
  firsts = {
    for name, octets in local.addresses : name => local.sizes[name] * floor(
      (octets[0] * 16777216 + octets[1] * 65536 + octets[2] * 256 + octets[3]) / local.sizes[name]
    )
  }

  names = sort(keys(var.ranges))
  pairs = flatten([
    for index, name in local.names : [
      for other in slice(local.names, index + 1, length(local.names)) : { first = name, second = other }
    ]
  ])

  overlaps = [
    for pair in local.pairs : pair
    if local.firsts[pair.first] < local.firsts[pair.second] + local.sizes[pair.second]
    && local.firsts[pair.second] < local.firsts[pair.first] + local.sizes[pair.first]
  ]
}
