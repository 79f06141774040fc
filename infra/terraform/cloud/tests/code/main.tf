# Where the code asks which environment it is in: for a test.
terraform {
  required_version = ">= 1.9, < 2.0"
}

locals {
  root  = "${path.module}/../../.."
  files = concat(tolist(fileset(local.root, "cloud/*.tf")), tolist(fileset(local.root, "modules/*/*.tf")))
  texts = { for file in local.files : file => file("${local.root}/${file}") }
}

output "files" {
  description = "How many files were looked at."
  value       = length(local.files)
}

output "asking" {
  description = "Files that decide by var.environment, or by what an environment, or the workspace, is called."
  value = [
    for file, text in local.texts : file
    if can(regex("var\\.environment *(==|!=|\\?)|(==|!=) *var\\.environment|(==|!=) *\"(dev|prod|staging)\"|terraform\\.workspace", text))
  ]
}
