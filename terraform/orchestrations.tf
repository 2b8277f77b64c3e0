# The one list of what can be deployed. An orchestration is one entry here, the definitions/ and terraform/modules/ folder of the
# same name, and its module block in main.tf.
#
# An entry has
#   files            what it needs of build/ besides the function zips and the layer
#   buckets, tables  the roles of its buckets and tables; each function is told all their names
#   environment      variables of its functions beyond those that every function gets
#   timeout_seconds  time limit of a function, where the variable of that name is unset
#   timeouts         time limits of the functions that need another one, because they emit, or wait for others
#   functions        what is deployed, and for each function
#     trigger        role of the bucket or table that invokes it, where one does
#     grants         names from modules/iam/grants*.tf: the actions that it uses, each with its reason; the shuffle's come on top
#     invokes        functions that it may invoke: the next one, itself where it hands its waiting on, and `recorder`, which
#                    Lambda calls with the function's role when an asynchronous invocation has finally failed
locals {
  orchestrations = {
    sfn = {
      files           = ["sfn/definition.${var.sfn_map_mode}.asl.json"]
      buckets         = ["shuffle", "returns", "results"]
      tables          = []
      environment     = {}
      timeout_seconds = 300
      timeouts        = { mapper = local.emit_timeout }
      functions = {
        mapper    = { grants = ["read_mapper_input"] }
        partition = { grants = [] }
        reducer   = { grants = ["write_reducer_values"] }
        summary   = { grants = ["read_reducer_values", "write_result", "read_result"] }
        recorder  = { grants = ["write_failure", "see_claim"] }
      }
    }

    http_sync_s3 = {
      files           = local.return_store.files
      buckets         = ["shuffle", "returns", "results"]
      tables          = local.return_store.tables
      environment     = merge({ FAN_IN_WAIT_SECONDS = tostring(var.fan_in_wait_seconds), RETURN_STORE = var.return_store }, local.return_store.environment)
      timeout_seconds = 300
      timeouts        = { mapper = local.emit_timeout }
      functions = {
        unum_map = {
          grants = concat(
            ["read_unum_map_input", "write_mapper_input", "mark_open", "list_values", "read_unum_map_values", "write_unum_map_values"],
            var.return_store == "dynamodb" ? ["return_one_item"] : local.return_store.branch,
          )
          invokes = ["mapper", "partition", "recorder"]
        }
        mapper = {
          grants = concat(
            ["read_mapper_input", "list_values", "read_mapper_values", "write_mapper_values"],
            local.return_store.branch,
          )
          invokes = concat(["partition", "recorder"], local.return_store.waits ? ["mapper"] : [])
        }
        partition = {
          grants = concat(
            ["list_values", "read_mapper_values", "read_partition_values", "write_partition_values"],
            local.return_store.fan_in_and_out,
          )
          invokes = ["reducer", "summary", "recorder"]
        }
        reducer = {
          grants = concat(
            ["list_values", "read_reducer_values", "write_reducer_values"],
            local.return_store.branch,
          )
          invokes = concat(["summary", "recorder"], local.return_store.waits ? ["reducer"] : [])
        }
        summary = {
          grants = concat(
            ["list_values", "read_reducer_values", "read_result", "write_result"],
            local.return_store.fan_in,
          )
          invokes = ["recorder"]
        }
        recorder = { grants = concat(["write_failure"], local.keep) }
      }
    }

    http_only = {
      files           = []
      buckets         = ["shuffle", "returns", "results"]
      tables          = []
      environment     = { FAN_OUT_CONCURRENCY = tostring(var.fan_out_concurrency) }
      timeout_seconds = local.nested_timeout
      # A caller is still there when the last of those that it waits for has used up its time: one fan-out after the other.
      timeouts = {
        mapper    = coalesce(var.timeout_seconds, local.nested_emit_timeout)
        partition = local.nested_fan_in_timeout
        unum_map  = var.timeout_seconds == null ? 900 : min(900, 3 * local.nested_timeout + 60)
      }
      functions = {
        unum_map = {
          grants = [
            "read_unum_map_input", "write_mapper_input", "write_partition_input", "write_failure", "mark_open",
            # A run that fails keeps what its mappers have answered; resumed, it looks for that.
            "write_mapper_values", "list_values",
          ]
          invokes = ["mapper", "partition", "recorder"]
        }
        mapper = { grants = ["read_mapper_input", "write_mapper_values"] }
        partition = {
          grants = [
            "read_partition_input", "read_mapper_values", "write_reducer_input", "write_summary_input",
            # The same for the reducers, with what their values belong to.
            "write_reducer_values", "list_values", "read_partition_values", "write_partition_values",
          ]
          invokes = ["reducer", "summary"]
        }
        reducer  = { grants = ["read_reducer_input", "write_reducer_values"] }
        summary  = { grants = ["read_summary_input", "read_reducer_values", "read_result", "write_result"] }
        recorder = { grants = concat(["write_failure"], local.keep) }
      }
    }

    s3_triggers = {
      files           = []
      buckets         = ["mapper-input", "mapper-output", "reducer-input", "reducer-output", "shuffle", "results"]
      tables          = []
      environment     = {}
      timeout_seconds = 300
      timeouts        = { mapper = local.emit_timeout }
      functions = {
        mapper = {
          trigger = "mapper-input"
          grants  = ["take_input", "list_input", "return_mapper_output", "list_mapper_output", "mark_open"]
          invokes = ["recorder"]
        }
        partition = {
          trigger = "mapper-output"
          grants = [
            "gather_mapper_output", "list_mapper_output", "lock_mapper_output", "fan_out_reducer_input",
            "list_reducer_input", "end_reducer_output", "list_reducer_output",
          ]
          invokes = ["recorder"]
        }
        reducer = {
          trigger = "reducer-input"
          grants = [
            "take_reducer_input", "list_reducer_input", "return_reducer_output",
            "list_reducer_output",
          ]
          invokes = ["recorder"]
        }
        summary = {
          trigger = "reducer-output"
          grants = [
            "gather_reducer_output", "list_reducer_output", "lock_reducer_output", "read_result", "write_result",
          ]
          invokes = ["recorder"]
        }
        recorder = { grants = concat(["write_failure"], local.keep) }
      }
    }

    dynamodb_triggers = {
      files           = []
      buckets         = ["shuffle", "returns", "results", "given_up"]
      tables          = ["mapper-input", "mapper-output", "reducer-input", "reducer-output", "results"]
      environment     = {}
      timeout_seconds = 300
      timeouts        = { mapper = local.emit_timeout }
      functions = {
        mapper = {
          trigger = "mapper-input"
          grants = concat([
            "follow_mapper_input_items", "attempt_mapper_input_items", "return_mapper_output_items",
            "read_mapper_input", "read_mapper_values", "write_mapper_values", "mark_results_items",
          ], local.give_up)
        }
        partition = {
          trigger = "mapper-output"
          grants = concat([
            "follow_mapper_output_items", "gather_mapper_output_items", "fan_out_reducer_input_items",
            "end_reducer_output_items", "read_mapper_values", "read_partition_values",
            "write_partition_values", "write_reducer_input", "mark_results_items",
          ], local.give_up)
        }
        reducer = {
          trigger = "reducer-input"
          grants = concat([
            "follow_reducer_input_items", "attempt_reducer_input_items", "return_reducer_output_items",
            "read_reducer_input", "read_reducer_values", "write_reducer_values",
            "mark_results_items",
          ], local.give_up)
        }
        summary = {
          trigger = "reducer-output"
          grants = concat([
            "follow_reducer_output_items", "gather_reducer_output_items", "mark_results_items",
            "read_reducer_values", "read_result", "write_result",
          ], local.give_up)
        }
        recorder = {
          trigger = "results"
          grants = concat([
            "follow_results_items", "write_failure", "take_given_up", "see_items",
          ], local.give_up, local.keep)
        }
      }
    }
  }

  # What each store of return values adds to http_sync_s3: files, tables and variables as above; whether a branch waits for the others,
  # and then hands its waiting on; and grants of the branches (mapper, reducer), of partition and of summary.
  return_stores = {
    s3 = {
      files          = []
      tables         = []
      environment    = {}
      waits          = true
      branch         = []
      fan_in_and_out = []
      fan_in         = []
    }
    dynamodb = {
      files          = []
      tables         = ["returns"]
      environment    = {}
      waits          = false
      branch         = ["return_items"]
      fan_in_and_out = ["gather_items", "return_one_item"]
      fan_in         = ["gather_items"]
    }
    redis = {
      files          = ["redis-layer.zip"]
      tables         = []
      environment    = var.redis_url == null ? {} : { REDIS_URL = var.redis_url }
      waits          = true
      branch         = local.use_cache
      fan_in_and_out = local.use_cache
      fan_in         = local.use_cache
    }
  }
  return_store = local.return_stores[var.return_store]

  # A Redis that is reached by a URL asks for no role.
  cache     = var.return_store == "redis" && var.redis_url == null
  use_cache = local.cache ? ["connect_to_cache", "join_network", "keep_off_networks"] : []

  # What the shuffle needs, in both of its layouts, for a run may ask for either.
  shuffle_grants = {
    mapper    = ["emit_pairs", "count_pairs", "write_packed"]
    partition = ["list_pairs", "add_counts", "write_sum", "read_packed", "write_index"]
    reducer   = ["list_pairs", "read_pairs", "read_sum", "read_packed"]
  }

  # Whoever wakes up in a run that has ended does nothing, and records nothing.
  granted_to_all = ["list_results"]

  # The recorder of failures also looks for runs that are overdue.
  keep = ["close_open"]

  # Lambda gives a record up with the role of the function that could not take it.
  give_up = ["leave_given_up", "list_given_up"]

  # Three time limits, and half a minute for each hand-over, have to fit into the 900 s that Lambda gives the outermost caller.
  longest_nested_timeout = 280

  # A mapper emits at the rate that S3 takes, which all mappers share: nobody can tell how long that lasts, so it gets what Lambda
  # allows. Under http_only that is what the callers' 900 s leave of it; a reducer lists a thousand words in the time of one emit.
  emit_timeout          = coalesce(var.timeout_seconds, 900)
  nested_timeout        = coalesce(var.timeout_seconds, 140)
  nested_fan_in_timeout = min(900, 2 * local.nested_timeout + 30)
  nested_emit_timeout   = 900 - 60 - local.nested_fan_in_timeout

  all_functions = distinct(flatten([for orchestration in local.orchestrations : keys(orchestration.functions)]))
  all_buckets   = distinct(flatten([for orchestration in local.orchestrations : orchestration.buckets]))
  all_tables    = distinct(concat(["returns"], flatten([for orchestration in local.orchestrations : orchestration.tables])))
}
