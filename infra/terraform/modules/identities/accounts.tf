# Who is who, and what each may do: two tables, which tests hold to the manifests and to the code.
locals {
  # Those that kserve_manifests/ has, in its namespaces.
  workloads = {
    predictor = {
      namespace   = var.namespace
      account     = "phasegate-predictor"
      description = "Model servers and their sidecars: fetch models, add to the prediction log."
    }
    guard = {
      namespace   = var.namespace
      account     = "phasegate-guard"
      description = "Rolls back: reads and writes the release record."
    }
    pipeline = {
      namespace   = var.pipelines_namespace
      account     = "phasegate-pipeline"
      description = "Steps of Phasegate's pipelines."
    }
    training = {
      namespace   = var.pipelines_namespace
      account     = "phasegate-training"
      description = "Workers of a training: read shards, write the result."
    }
  }

  # Those that Kubeflow Pipelines and MLflow bring.
  platform = {
    runner = {
      namespace   = var.pipelines_namespace
      account     = "pipeline-runner"
      description = "Steps of pipelines that name no account: artifacts of Kubeflow Pipelines only."
    }
    kfp-ui = {
      namespace   = var.pipelines_namespace
      account     = "ml-pipeline-ui"
      description = "Shows artifacts of Kubeflow Pipelines."
    }
    mlflow = {
      namespace   = var.mlflow_namespace
      account     = "mlflow"
      description = "MLflow's server: its database and its artifacts."
    }
  }

  accounts = merge(local.workloads, local.platform)

  # Folders by account. read: list and get. create: list and create, which finds out that a name is
  # taken and can neither read what is there nor replace it. overwrite: delete, which Cloud Storage
  # asks for where an object is replaced.
  grants = {
    predictor = {
      "artifacts/models" = ["read"]
      "log/predictions"  = ["create"]
      "log/monitoring"   = ["create"]
    }
    guard = {
      "artifacts/releases" = ["read", "create"]
    }
    pipeline = {
      "artifacts/models"     = ["read", "create"]
      "artifacts/releases"   = ["read", "create"]
      "artifacts/monitoring" = ["read", "create"]
      "artifacts/replay"     = ["read", "create", "overwrite"]
      "artifacts/pipelines"  = ["read", "create", "overwrite"]
      "snapshots/objects"    = ["read", "create"]
      "snapshots/training"   = ["read", "create"]
      "log/predictions"      = ["read"]
      "log/monitoring"       = ["read"]
    }
    training = {
      "snapshots/training" = ["read", "create"]
    }
    runner = {
      "artifacts/pipelines" = ["read", "create", "overwrite"]
    }
    kfp-ui = {
      "artifacts/pipelines" = ["read"]
    }
    mlflow = {
      "artifacts/mlflow" = ["read", "create", "overwrite"]
    }
  }

  # The only files of these folders that are ever replaced. Entries of the audit log and of the
  # journal, and evidence, cannot be: by nobody who is listed here.
  replaced = {
    guard = {
      "artifacts/releases" = "/record.json"
    }
    pipeline = {
      "artifacts/releases"   = "/record.json"
      "artifacts/monitoring" = "/newest.json"
    }
  }
}
