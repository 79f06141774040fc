run "agrees_with_a_comparison_of_prefixes" {
  command = plan

  module {
    source = "./tests/overlap"
  }

  assert {
    condition     = output.found == output.expected
    error_message = "Differs for: ${join(", ", setsubtract(setunion(output.found, output.expected), setintersection(output.found, output.expected)))}."
  }

  assert {
    condition     = length(output.found) >= 50 && output.compared - length(output.found) >= 50
    error_message = "Of ${output.compared} pairs ${length(output.found)} overlap: the comparison would say little."
  }
}

run "neighbours_do_not_overlap" {
  command = plan

  module {
    source = "./ranges"
  }

  variables {
    ranges = {
      a = "10.0.0.0/20"
      b = "10.0.16.0/20"
      c = "10.0.32.0/32"
      d = "10.0.32.1/32"
      e = "9.255.255.255/32"
      f = "255.255.255.255/32"
      g = "0.0.0.0/8"
    }
  }

  assert {
    condition     = length(output.overlaps) == 0
    error_message = "Ranges that end where the next begins do not overlap: ${join(", ", output.overlaps)}."
  }
}

run "a_range_within_another_does" {
  command = plan

  module {
    source = "./ranges"
  }

  variables {
    ranges = {
      nodes_cidr    = "10.0.0.0/20"
      pods_cidr     = "10.0.0.0/14"
      services_cidr = "10.3.255.255/32"
    }
  }

  assert {
    condition     = join("; ", output.overlaps) == "nodes_cidr (10.0.0.0/20) and pods_cidr (10.0.0.0/14); pods_cidr (10.0.0.0/14) and services_cidr (10.3.255.255/32)"
    error_message = "Both ranges are named: ${join(", ", output.overlaps)}."
  }
}

run "everything_overlaps_everything" {
  command = plan

  module {
    source = "./ranges"
  }

  variables {
    ranges = { a = "0.0.0.0/0", b = "255.255.255.255/32", c = "10.1.2.3/8", d = "10.0.0.0/30" }
  }

  assert {
    condition     = join(" ", [for pair in output.pairs : "${pair.first}${pair.second}"]) == "ab ac ad cd"
    error_message = "0.0.0.0/0 holds all, and 10.1.2.3/8 begins at 10.0.0.0: ${join(", ", output.overlaps)}."
  }
}

run "no_range_no_answer" {
  command = plan

  module {
    source = "./ranges"
  }

  variables {
    ranges = { a = "10.0.0.0" }
  }

  expect_failures = [var.ranges]
}
