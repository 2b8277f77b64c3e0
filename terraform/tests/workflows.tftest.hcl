# Workflows other than the wordcount: what an orchestration makes follows from the places alone.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "a_chain_that_begins_with_a_task" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    workflow = "chain"
    common   = { s3_full_access = true }
  }

  assert {
    condition     = alltrue([for deployed in values(local.deployed) : join(" ", keys(deployed.functions)) == "describe recorder split square total"])
    error_message = "Everywhere its functions are deployed, with the recorder and with no entry but its own first function."
  }

  assert {
    condition = { for orchestration, deployed in local.deployed : orchestration => join(" ", keys(deployed.buckets)) } == {
      sfn               = "results returns"
      http_sync_s3      = "results returns"
      http_only         = "results returns"
      s3_triggers       = "describe-input results split-input square-input square-output"
      dynamodb_triggers = "given_up results returns"
    }
    error_message = "Nobody emits, so there is no bucket for pairs."
  }

  assert {
    condition     = !anytrue(flatten([for deployed in values(local.deployed) : [for one in values(deployed.functions) : one.full_access_to_s3]]))
    error_message = "No component uses S3 by itself, so none gets all of it."
  }

  assert {
    condition = module.s3_triggers.deployed.triggers == module.dynamodb_triggers.deployed.triggers && module.s3_triggers.deployed.triggers == {
      "split-input" = "split", "square-input" = "square", "square-output" = "total", "describe-input" = "describe"
    }
    error_message = "Each stage triggers the function that takes from it."
  }

  assert {
    condition = { for orchestration, permissions in local.permissions : orchestration => { for function, own in permissions : function => join(" ", [for one in own : replace(one, "lambda:InvokeFunction ", "") if startswith(one, "lambda:")]) } } == {
      sfn               = { split = "", square = "", total = "", describe = "", recorder = "" }
      http_sync_s3      = { split = "recorder square total", square = "recorder square total", total = "describe recorder", describe = "recorder", recorder = "" }
      http_only         = { split = "recorder square total", square = "", total = "describe", describe = "", recorder = "" }
      s3_triggers       = { split = "recorder", square = "recorder", total = "recorder", describe = "recorder", recorder = "" }
      dynamodb_triggers = { split = "", square = "", total = "", describe = "", recorder = "" }
    }
    error_message = "A function invokes who is next, and a fan-out of nothing goes on where its branches would meet."
  }

  assert {
    condition = { for orchestration, permissions in local.permissions : orchestration => [for one in permissions.describe : one if !startswith(one, "lambda:") && !strcontains(one, " results") && !strcontains(one, "/stream/") && !strcontains(one, " given-up")] } == {
      sfn               = ["s3:GetObject returns/*/describe.input/*"]
      http_sync_s3      = ["s3:GetObject returns/*/describe.input/*", "s3:ListBucket returns"]
      http_only         = ["s3:GetObject returns/*/describe.input/*"]
      s3_triggers       = ["s3:GetObject describe-input/*/*.json", "s3:GetObject describe-input/*/.unum_map", "s3:ListBucket describe-input"]
      dynamodb_triggers = ["dynamodb:GetItem describe-input", "dynamodb:UpdateItem describe-input", "s3:GetObject returns/*/describe.input/*"]
    }
    error_message = "What one function hands to the next is read where it was put."
  }

  assert {
    condition = { for function, one in module.http_only.deployed.functions : function => one.timeout_seconds } == {
      split = 900, square = 300, total = 330, describe = 300, recorder = 30
    }
    error_message = "split waits for a square and then for total, and total for describe."
  }
}

run "two_fan_outs_in_a_row" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    workflow = "two_fan_outs"
  }

  assert {
    condition = { for function, one in module.http_only.deployed.functions : function => one.timeout_seconds } == {
      list_numbers = 900, halve = 140, choose = 700, double = 530, join = 140, recorder = 30
    }
    error_message = "Whoever emits gets what the callers' 900 s leave of it, wherever it stands."
  }

  assert {
    condition     = { for function, one in module.sfn.deployed.functions : function => one.concurrency if one.concurrency != null } == { halve = 10, double = 10 }
    error_message = "Both fan-outs are bounded."
  }

  assert {
    condition     = contains(local.permissions.s3_triggers.choose, "s3:PutObject double-output/*/.sync") && contains(local.permissions.dynamodb_triggers.choose, "dynamodb:PutItem double-output")
    error_message = "A fan-out of nothing goes on at once where its branches would meet."
  }
}
