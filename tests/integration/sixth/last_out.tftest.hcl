# The root with a sixth orchestration.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "credentials"
  source = "./tests/mocks"
}

run "the_root_deploys_it" {
  command = plan

  variables {
    orchestration = "last_out"
  }

  assert {
    condition     = join(" ", keys(output.functions)) == "mapper partition recorder reducer summary unum_map"
    error_message = "Each function of the workflow, the entry and the recorder are deployed."
  }

  assert {
    condition     = join(" ", keys(output.buckets)) == "results returns shuffle" && output.deployment.orchestration == "last_out"
    error_message = "The deployment record has its buckets."
  }
}

run "a_setting_that_it_does_not_have_is_refused" {
  command = plan

  variables {
    orchestration = "last_out"
    last_out      = { pace = 1 }
  }

  expect_failures = [output.deployment]
}
