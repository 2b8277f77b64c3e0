# Every function is invoked synchronously and answers its caller with its failure, but for the first one when nobody waits for it.
module "final_failures" {
  source = "../final_failures"

  functions    = { unum_map = var.functions["unum_map"] }
  recorder_arn = var.recorder_arn
}
