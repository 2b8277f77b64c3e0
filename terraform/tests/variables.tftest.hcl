# Each validation fails once, for the variable that it guards.

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

run "an_unknown_orchestration_is_refused" {
  command = plan

  variables {
    orchestration = "sns"
  }

  expect_failures = [var.orchestration]
}

run "a_prefix_that_no_bucket_may_have_is_refused" {
  command = plan

  variables {
    prefix = "Word_Count"
  }

  expect_failures = [var.prefix]
}

run "a_prefix_that_makes_names_too_long_is_refused" {
  command = plan

  variables {
    prefix = "a23456789-123456789-1234"
  }

  expect_failures = [var.prefix]
}

run "an_unknown_map_mode_is_refused" {
  command = plan

  variables {
    sfn_map_mode = "inline"
  }

  expect_failures = [var.sfn_map_mode]
}

run "an_inline_map_of_more_than_40_at_once_is_refused" {
  command = plan

  variables {
    map_concurrency = 41
  }

  expect_failures = [var.map_concurrency]
}

run "a_map_of_none_at_once_is_refused" {
  command = plan

  variables {
    map_concurrency = 0
  }

  expect_failures = [var.map_concurrency]
}

run "a_map_of_half_an_item_more_is_refused" {
  command = plan

  variables {
    map_concurrency = 9.5
  }

  expect_failures = [var.map_concurrency]
}

run "an_unknown_log_level_is_refused" {
  command = plan

  variables {
    sfn_log_level = "DEBUG"
  }

  expect_failures = [var.sfn_log_level]
}

run "a_fan_in_that_may_not_wait_is_refused" {
  command = plan

  variables {
    fan_in_wait_seconds = 0
  }

  expect_failures = [var.fan_in_wait_seconds]
}

run "a_sweep_of_no_whole_minutes_is_refused" {
  command = plan

  variables {
    sweep_minutes = 0.5
  }

  expect_failures = [var.sweep_minutes]
}

run "a_region_that_is_none_is_refused" {
  command = plan

  variables {
    region = "virginia"
  }

  expect_failures = [var.region]
}

run "a_region_of_china_is_refused" {
  command = plan

  variables {
    region = "cn-north-1"
  }

  expect_failures = [var.region]
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

run "an_endpoint_with_a_path_is_refused" {
  command = plan

  variables {
    endpoint_url = "http://127.0.0.1:4566/aws"
  }

  expect_failures = [var.endpoint_url]
}

run "an_unknown_shuffle_is_refused" {
  command = plan

  variables {
    shuffle = "zipped"
  }

  expect_failures = [var.shuffle]
}

run "too_little_memory_is_refused" {
  command = plan

  variables {
    memory_mb = 64
  }

  expect_failures = [var.memory_mb]
}

run "a_mapper_that_collects_nothing_is_refused" {
  command = plan

  variables {
    shuffle_memory_mb = 0
  }

  expect_failures = [var.shuffle_memory_mb]
}

run "a_timeout_beyond_lambdas_is_refused" {
  command = plan

  variables {
    timeout_seconds = 901
  }

  expect_failures = [var.timeout_seconds]
}

run "an_unknown_architecture_is_refused" {
  command = plan

  variables {
    architecture = "amd64"
  }

  expect_failures = [var.architecture]
}

run "a_python_that_the_provider_does_not_know_is_refused" {
  command = plan

  variables {
    python_version = "3.10"
  }

  expect_failures = [var.python_version]
}

run "a_reservation_in_which_a_waiting_mapper_blocks_itself_is_refused" {
  command = plan

  variables {
    reserved_concurrency = 1
  }

  expect_failures = [var.reserved_concurrency]
}

run "an_override_of_an_unknown_function_is_refused" {
  command = plan

  variables {
    function_overrides = { maper = { memory_mb = 1024 } }
  }

  expect_failures = [var.function_overrides]
}

run "a_retention_that_cloudwatch_does_not_know_is_refused" {
  command = plan

  variables {
    log_retention_days = 10
  }

  expect_failures = [var.log_retention_days]
}

run "a_broken_number_of_days_is_refused" {
  command = plan

  variables {
    expiry_days = 1.5
  }

  expect_failures = [var.expiry_days]
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

run "a_partition_that_ends_before_those_it_waits_for_is_refused" {
  command = plan

  module {
    source = "./modules/http_only"
  }

  variables {
    functions    = { unum_map = "u" }
    recorder_arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    timeouts     = { mapper = 60, partition = 120, reducer = 60, summary = 60, unum_map = 240 }
  }

  expect_failures = [var.timeouts]
}

run "an_entry_that_ends_before_those_it_waits_for_is_refused" {
  command = plan

  module {
    source = "./modules/http_only"
  }

  variables {
    functions    = { unum_map = "u" }
    recorder_arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    timeouts     = { mapper = 60, partition = 150, reducer = 60, summary = 60, unum_map = 210 }
  }

  expect_failures = [var.timeouts]
}

run "a_fan_out_of_nothing_at_once_is_refused" {
  command = plan

  variables {
    orchestration       = "http_only"
    fan_out_concurrency = 0
  }

  expect_failures = [var.fan_out_concurrency]
}

run "a_single_place_for_mappers_that_wait_for_each_other_is_refused" {
  command = plan

  variables {
    orchestration      = "http_sync_s3"
    function_overrides = { mapper = { reserved_concurrency = 1 } }
  }

  expect_failures = [aws_lambda_layer_version.dependencies]
}
