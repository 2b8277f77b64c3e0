# What an orchestration refuses of its own settings: each wrong value fails once.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  common   = jsondecode(file("tests/given.json")).common
  packages = jsondecode(file("tests/given.json")).packages
}

run "workflow" {
  module {
    source = "./modules/workflow"
  }

  variables {
    manifest = jsondecode(file("tests/workflows/two_fan_outs.json"))
  }
}

run "an_unknown_map_mode_is_refused" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    workflow = run.workflow
    settings = { map_mode = "inline" }
  }

  expect_failures = [var.settings]
}

run "an_inline_map_of_more_than_40_at_once_is_refused" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    workflow = run.workflow
    settings = { map_concurrency = 41 }
  }

  expect_failures = [var.settings]
}

run "a_map_of_none_at_once_is_refused" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    workflow = run.workflow
    settings = { map_concurrency = 0 }
  }

  expect_failures = [var.settings]
}

run "a_map_of_half_an_item_more_is_refused" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    workflow = run.workflow
    settings = { map_concurrency = 9.5 }
  }

  expect_failures = [var.settings]
}

run "an_unknown_log_level_is_refused" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    workflow = run.workflow
    settings = { log_level = "DEBUG" }
  }

  expect_failures = [var.settings]
}

run "a_definition_that_is_not_built_is_refused" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    workflow = run.workflow
    settings = { map_mode = "DISTRIBUTED" }
    common   = merge(var.common, { build_dir = "tests/nothing-built-here" })
  }

  expect_failures = [aws_sfn_state_machine.this]
}

run "a_fan_in_that_may_not_wait_is_refused" {
  command = plan

  module {
    source = "./modules/http_sync_s3"
  }

  variables {
    workflow = run.workflow
    settings = { fan_in_wait_seconds = 0 }
  }

  expect_failures = [var.settings]
}

run "an_unknown_store_is_refused" {
  command = plan

  module {
    source = "./modules/http_sync_s3"
  }

  variables {
    workflow = run.workflow
    settings = { return_store = "memcached" }
  }

  expect_failures = [var.settings]
}

run "an_emulator_without_a_url_is_refused" {
  command = plan

  module {
    source = "./modules/http_sync_s3"
  }

  variables {
    workflow = run.workflow
    settings = { return_store = "redis" }
    common   = merge(var.common, { endpoint_url = "http://127.0.0.1:4566" })
  }

  expect_failures = [var.settings]
}

run "a_url_on_aws_is_refused" {
  command = plan

  module {
    source = "./modules/http_sync_s3"
  }

  variables {
    workflow = run.workflow
    settings = { return_store = "redis", redis_url = "redis://127.0.0.1:6379" }
  }

  expect_failures = [var.settings]
}

run "a_url_of_something_else_is_refused" {
  command = plan

  module {
    source = "./modules/http_sync_s3"
  }

  variables {
    workflow = run.workflow
    settings = { return_store = "redis", redis_url = "http://127.0.0.1:6379" }
    common   = merge(var.common, { endpoint_url = "http://127.0.0.1:4566" })
  }

  expect_failures = [var.settings]
}

run "a_layer_that_is_not_built_is_refused" {
  command = plan

  module {
    source = "./modules/http_sync_s3"
  }

  variables {
    workflow = run.workflow
    settings = { return_store = "redis", redis_url = "redis://127.0.0.1:6379" }
    common   = merge(var.common, { endpoint_url = "http://127.0.0.1:4566" })
  }

  expect_failures = [aws_lambda_layer_version.redis]
}

run "a_single_place_for_branches_that_wait_for_each_other_is_refused" {
  command = plan

  module {
    source = "./modules/http_sync_s3"
  }

  variables {
    workflow = run.workflow
    common   = merge(var.common, { function_overrides = { double = { reserved_concurrency = 1 } } })
  }

  expect_failures = [output.deployed]
}

run "a_fan_out_of_nothing_at_once_is_refused" {
  command = plan

  module {
    source = "./modules/http_only"
  }

  variables {
    workflow = run.workflow
    settings = { fan_out_concurrency = 0 }
  }

  expect_failures = [var.settings]
}

run "time_limits_beyond_http_only_are_refused" {
  command = plan

  module {
    source = "./modules/http_only"
  }

  variables {
    workflow = run.workflow
    common   = merge(var.common, { timeout_seconds = 281 })
  }

  expect_failures = [output.deployed]
}

run "a_fan_in_that_ends_before_those_it_waits_for_is_refused" {
  command = plan

  module {
    source = "./modules/http_only"
  }

  variables {
    workflow = run.workflow
    common   = merge(var.common, { timeout_seconds = 60, function_overrides = { choose = { timeout_seconds = 120 } } })
  }

  expect_failures = [output.deployed]
}

run "an_entry_that_ends_before_those_it_waits_for_is_refused" {
  command = plan

  module {
    source = "./modules/http_only"
  }

  variables {
    workflow = run.workflow
    common   = merge(var.common, { timeout_seconds = 60, function_overrides = { list_numbers = { timeout_seconds = 210 } } })
  }

  expect_failures = [output.deployed]
}

run "time_limits_of_http_only_grow_with_the_one_that_is_set" {
  command = plan

  module {
    source = "./modules/http_only"
  }

  variables {
    workflow = run.workflow
    common   = merge(var.common, { timeout_seconds = 60 })
  }

  assert {
    condition = { for function, one in module.function : function => one.timeout_seconds } == {
      list_numbers = 240, halve = 60, choose = 150, double = 60, join = 60
    }
    error_message = "A caller gets what those that it waits for have together, and half a minute for each caller among them and itself."
  }
}
