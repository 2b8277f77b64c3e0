"""A join of two CSV files: customers with the columns `customer,name`, and orders with `order,customer,amount`."""

from runtime.mapreduce import Source, emit, records


def user_map(text: str, source: Source) -> None:
    """Emit each record under its customer: a name, or the amount of an order."""
    for record in records(text, source):
        if "name" in record:
            emit(record["customer"], {"name": record["name"]})
        else:
            emit(record["customer"], {"amount": float(record["amount"])})
