# Each validation fails once, for the variable that it guards. A run has a wrong value for many of them.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "credentials"
  source = "./tests/mocks"
}

variables {
  orchestration = "sfn"
}

run "wrong_values_are_refused" {
  command = plan

  variables {
    orchestration        = "sns"
    prefix               = "Word_Count"
    sweep_minutes        = 0.5
    region               = "virginia"
    endpoint_url         = "http://127.0.0.1:4566/aws"
    shuffle              = "zipped"
    memory_mb            = 64
    shuffle_memory_mb    = 0
    timeout_seconds      = 901
    architecture         = "amd64"
    python_version       = "3.10"
    reserved_concurrency = 1
    log_retention_days   = 10
    expiry_days          = 1.5
  }

  expect_failures = [var.orchestration, var.prefix, var.sweep_minutes, var.region, var.endpoint_url, var.shuffle, var.memory_mb, var.shuffle_memory_mb, var.timeout_seconds, var.architecture, var.python_version, var.reserved_concurrency, var.log_retention_days, var.expiry_days]
}

run "a_prefix_that_makes_names_too_long_and_a_region_of_china_are_refused" {
  command = plan

  variables {
    prefix = "a23456789-123456789-1234"
    region = "cn-north-1"
  }

  expect_failures = [var.prefix, var.region]
}

run "a_region_of_govcloud_is_refused" {
  command = plan

  variables {
    region = "us-gov-west-1"
  }

  expect_failures = [var.region]
}

run "a_region_of_an_isolated_cloud_is_refused" {
  command = plan

  variables {
    region = "us-isob-east-1"
  }

  expect_failures = [var.region]
}

run "a_region_of_the_european_sovereign_cloud_is_refused" {
  command = plan

  variables {
    region = "eusc-de-east-1"
  }

  expect_failures = [var.region]
}

run "an_override_of_an_unknown_function_is_refused" {
  command = plan

  variables {
    function_overrides = { maper = { memory_mb = 1024 } }
  }

  expect_failures = [var.function_overrides]
}

run "an_input_bucket_with_a_prefix_is_refused" {
  command = plan

  variables {
    input_buckets = ["my-logs", "s3://my-logs/2026"]
  }

  expect_failures = [var.input_buckets]
}

run "an_output_bucket_with_a_prefix_is_refused" {
  command = plan

  variables {
    output_buckets = ["s3://my-results/counts"]
  }

  expect_failures = [var.output_buckets]
}

run "missing_zips_are_refused_in_words" {
  command = plan

  variables {
    build_dir = "tests/nothing-built-here"
  }

  expect_failures = [aws_lambda_layer_version.dependencies]
}

run "a_python_other_than_the_layers_is_refused" {
  command = plan

  variables {
    python_version = "3.11"
  }

  expect_failures = [aws_lambda_layer_version.dependencies]
}

run "a_setting_that_its_orchestration_does_not_know_is_refused" {
  command = plan

  variables {
    sfn = { mapmode = "DISTRIBUTED" }
  }

  expect_failures = [output.deployment]
}
