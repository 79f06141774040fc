output "overlaps" {
  description = "Pairs of ranges that share addresses, in words; none when all is well."
  value = [
    for pair in local.overlaps :
    "${pair.first} (${var.ranges[pair.first]}) and ${pair.second} (${var.ranges[pair.second]})"
  ]
}

output "pairs" {
  description = "The same pairs, by name."
  value       = local.overlaps
}
