"""What is packaged around the component functions: `mapreduce` computes with them, `orchestration` connects them."""
