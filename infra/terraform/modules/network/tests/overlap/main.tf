# Forty ranges that look random and are the same in each run, and a second definition of overlapping to
# compare with: two ranges overlap where they agree in the bits of the shorter prefix.
terraform {
  required_version = ">= 1.9, < 2.0"
}

locals {
  digests = [for index in range(40) : sha256("range ${index}")]

  # From 10.0.0.0/14 to 10.3.255.252/30: close enough together that many overlap, and many do not.
  ranges = {
    for index, digest in local.digests : format("range-%02d", index) => cidrsubnet(format(
      "10.%d.%d.%d/%d",
      parseint(substr(digest, 0, 2), 16) % 4,
      parseint(substr(digest, 2, 2), 16),
      parseint(substr(digest, 4, 2), 16),
      14 + parseint(substr(digest, 6, 2), 16) % 17
    ), 0, 0)
  }

  names = sort(keys(local.ranges))
  expected = flatten([
    for index, name in local.names : [
      for other in slice(local.names, index + 1, length(local.names)) : "${name} ${other}"
      if cidrsubnet(format("%s/%d", split("/", local.ranges[name])[0], min(split("/", local.ranges[name])[1], split("/", local.ranges[other])[1])), 0, 0)
      == cidrsubnet(format("%s/%d", split("/", local.ranges[other])[0], min(split("/", local.ranges[name])[1], split("/", local.ranges[other])[1])), 0, 0)
    ]
  ])
}

module "ranges" {
  source = "../../ranges"
  ranges = local.ranges
}

output "found" {
  description = "Overlapping pairs as the module has them."
  value       = [for pair in module.ranges.pairs : "${pair.first} ${pair.second}"]
}

output "expected" {
  description = "Overlapping pairs by their prefixes."
  value       = local.expected
}

output "compared" {
  description = "How many pairs there are."
  value       = length(local.names) * (length(local.names) - 1) / 2
}
