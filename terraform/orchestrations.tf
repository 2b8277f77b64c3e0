# The one list of what can be deployed. An orchestration is one entry here, the definitions/ and terraform/modules/ folder of the
# same name, and its module block in main.tf.
#
# An entry has
#   files        what it needs of build/ besides the function zips and the layer
#   environment  variables of its functions beyond those that every function gets
#   functions    what is deployed, and for each function
#     grants     names from modules/iam/grants.tf: the S3 actions that it uses, each with its reason
#     invokes    functions that it may invoke: the next one, itself where it hands its waiting on, and `failure`, which
#                Lambda calls with the function's role when an asynchronous invocation has finally failed
locals {
  orchestrations = {
    sfn = {
      files       = ["sfn/definition.${var.sfn_map_mode}.asl.json"]
      environment = {}
      functions = {
        mapper    = { grants = ["emit_pairs", "read_mapper_input"] }
        partition = { grants = ["list_pairs"] }
        reducer   = { grants = ["list_pairs", "read_pairs", "write_reducer_values"] }
        summary   = { grants = ["read_reducer_values", "write_result", "read_result"] }
        failure   = { grants = ["write_failure"] }
      }
    }

    http_sync_s3 = {
      files       = []
      environment = { FAN_IN_WAIT_SECONDS = tostring(var.fan_in_wait_seconds) }
      functions = {
        unum_map = {
          grants  = ["read_unum_map_input", "write_mapper_input"]
          invokes = ["mapper", "partition", "failure"]
        }
        mapper = {
          grants = [
            "emit_pairs", "read_mapper_input", "list_values", "read_mapper_values", "write_mapper_values",
            "list_results", "read_failure",
          ]
          invokes = ["partition", "mapper", "failure"]
        }
        partition = {
          grants  = ["list_pairs", "list_values", "read_mapper_values", "read_partition_values", "write_partition_values"]
          invokes = ["reducer", "summary", "failure"]
        }
        reducer = {
          grants = [
            "list_pairs", "read_pairs", "list_values", "read_reducer_values", "write_reducer_values",
            "list_results", "read_failure",
          ]
          invokes = ["summary", "reducer", "failure"]
        }
        summary = {
          grants  = ["list_values", "read_reducer_values", "list_results", "read_result", "write_result"]
          invokes = ["failure"]
        }
        failure = { grants = ["write_failure"] }
      }
    }
  }

  all_functions = distinct(flatten([for orchestration in local.orchestrations : keys(orchestration.functions)]))
}
