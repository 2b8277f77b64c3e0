# A state holds one deployment, and is kept from being taken for another. What runs here shares one state, which the first run makes.

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

run "the_first_apply_writes_down_where_it_was" {
  plan_options {
    target = [terraform_data.place]
  }

  assert {
    condition = jsonencode(terraform_data.place.input) == jsonencode({
      account_id = "123456789012", orchestration = "sfn", prefix = "wordcount", region = "us-east-1"
    })
    error_message = "Account, orchestration, prefix and region stand in the state."
  }
}

run "the_same_deployment_is_planned_again" {
  command = plan

  assert {
    condition     = local.common.name == "wordcount-sfn"
    error_message = "Nothing is refused that the state holds."
  }
}

run "another_prefix_does_not_replace_it" {
  command = plan

  variables {
    prefix = "mine"
  }

  expect_failures = [terraform_data.place]
}

run "another_orchestration_does_not_replace_it" {
  command = plan

  variables {
    orchestration = "http_only"
  }

  expect_failures = [terraform_data.place]
}

run "another_region_does_not_replace_it" {
  command = plan

  variables {
    region = "eu-west-1"
  }

  expect_failures = [terraform_data.place]
}

run "credentials_of_another_account_do_not_replace_it" {
  command = plan

  override_data {
    target = data.aws_caller_identity.this
    values = { account_id = "210987654321" }
  }

  expect_failures = [terraform_data.place]
}
