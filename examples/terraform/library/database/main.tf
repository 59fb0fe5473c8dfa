# Needs no registry: terraform_data is built in. The state lies beside this file, where stamping leaves it alone.
terraform {
  backend "local" {}
}

variable "size" {
  default = {{ .cfg.size }}
}

resource "terraform_data" "database" {
  input = { name = "{{ .cfg.name }}", size = var.size }
}

output "name" {
  value = terraform_data.database.output.name
}
