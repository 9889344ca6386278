//! Shape, Schema, OperationSpec: what travels, and what makes it legal.
